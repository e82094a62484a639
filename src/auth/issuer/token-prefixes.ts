/** What access tokens of this server begin with, so that no other way in takes one for its own. */
export const accessTokenPrefix = 'mxat_';

/** What its refresh tokens begin with: shown as a credential, they are refused here and go nowhere else. */
export const refreshTokenPrefix = 'mxrt_';
