#!/usr/bin/env node
// Every running query holds a thread of libuv's pool, which is sized at its first use: from an ES module that is too
// late, hence this CommonJS launcher (spec page 14, trap 1).
process.env['UV_THREADPOOL_SIZE'] ??= '24';

void import('./main.js').then(({ main }) => main());
