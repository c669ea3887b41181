// Ends well as soon as an address answers.
const http = require("node:http");

function attempt(url) {
  const request = http.get(url, () => process.exit(0));
  request.on("error", () => setTimeout(attempt, 50, url));
}

attempt(process.argv[2]);
