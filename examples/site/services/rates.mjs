// A rates service for order_in_currency, with rates that never change: node services/rates.mjs
import { createServer } from 'node:http';

const rates = { USD: 1.24, TWD: 36.2, JPY: 135.4 };

createServer((request, response) => {
  const [, currency = ''] = /^\/rate\/EUR\/([A-Z]{3})$/.exec(request.url ?? '') ?? [];
  const rate = Object.hasOwn(rates, currency) ? rates[currency] : undefined;
  response.writeHead(rate === undefined ? 404 : 200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ rate }));
}).listen(8899, '127.0.0.1');
