// The service under test: each POST counts one more in the store; GET tells how many there were.
const http = require("node:http");

const store = process.env.STORE;
const count = async () => Number(await (await fetch(store)).text());

http
  .createServer(async (request, response) => {
    if (request.method === "POST") await fetch(store, { method: "PUT", body: `${(await count()) + 1}` });
    response.end(`${await count()}`);
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
