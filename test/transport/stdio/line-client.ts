import type { PassThrough } from 'node:stream';

/** Lines of JSON over the streams of a server in this process, in the shape that both SDKs ask of a transport. */
export function lineTransport<Message>(input: PassThrough, output: PassThrough) {
  let text = '';
  const transport = {
    onmessage: undefined as ((message: Message) => void) | undefined,
    onclose: undefined as (() => void) | undefined,
    start: () => {
      output.setEncoding('utf8').on('data', (part: string) => {
        const lines = (text + part).split('\n');
        text = lines.pop() ?? '';
        for (const line of lines) transport.onmessage?.(JSON.parse(line) as Message);
      });
      return Promise.resolve();
    },
    send: (message: Message) => {
      input.write(`${JSON.stringify(message)}\n`);
      return Promise.resolve();
    },
    close: () => {
      input.end();
      transport.onclose?.();
      return Promise.resolve();
    },
  };
  return transport;
}
