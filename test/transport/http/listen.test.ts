import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as turnOfOthers } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { listen } from '../../../src/transport/http/listen.js';
import { defaultTimeouts as timeouts } from '../../../src/transport/http/timeouts.js';
import { openSite } from '../open-site.js';
import { siteFiles } from '../site-files.js';

it('tells each answer of a connection once that it ended, whether it had its turn or not', async () => {
  const { runtime, logger, close } = await openSite(siteFiles);
  const arrived = new EventEmitter();
  const closed: string[] = [];
  const waiting: ServerResponse[] = [];
  const settings = { ...runtime.project.transport.http, host: '127.0.0.1', port: 0 };
  const listener = await listen({
    settings,
    timeouts,
    logger,
    handler: ({ url = '' }, response) => {
      response.on('close', () => closed.push(url));
      if (waiting.push(response) === 3) arrived.emit('all');
    },
  });
  const all = once(arrived, 'all');
  const socket = connect(listener.address.port, '127.0.0.1');
  for (const path of ['/a', '/b', '/c']) socket.write(`GET ${path} HTTP/1.1\r\nhost: localhost\r\n\r\n`);
  await all;
  const [first, second, third] = waiting;
  if (!first || !second || !third) throw new Error('Three requests did not come');
  const turn = once(second, 'socket');
  first.end('a');
  await turn;
  const ended = Promise.all([once(second, 'close'), once(third, 'close')]);
  socket.destroy();
  await ended;
  await listener.close();
  await turnOfOthers(); // a second word on the same end would come now
  expect(closed.sort()).toEqual(['/a', '/b', '/c']);
  await close();
});
