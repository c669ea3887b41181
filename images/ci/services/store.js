// A store for one value: PUT it, GET it.
const http = require("node:http");

let value = "";

http
  .createServer(async (request, response) => {
    if (request.method === "PUT") {
      value = "";
      for await (const chunk of request) value += chunk;
    }
    response.end(value);
  })
  .listen(Number(process.argv[2]), "127.0.0.1");
