/** `initctl probe` against real sockets: the exit status, and one line of reason. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";

const directory = mkdtempSync(join(tmpdir(), "probe-"));
const initctl = join(directory, "initctl");
symlinkSync(join(import.meta.dirname, "../../dist/upinit"), initctl);
afterAll(() => rmSync(directory, { recursive: true }));

interface Result {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

function probe(...args: string[]): Promise<Result> {
  const options = { env: { http_proxy: "http://127.0.0.1:9" } };
  return new Promise((resolve) => {
    execFile(initctl, ["probe", ...args], options, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function listening(server: Server, place: string | number = 0): Promise<Server & AsyncDisposable> {
  await new Promise<void>((resolve) => {
    if (typeof place === "string") server.listen(place, resolve);
    else server.listen(place, "127.0.0.1", resolve);
  });
  return Object.assign(server, {
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  });
}

const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const web = (listener: RequestListener): Promise<Server & AsyncDisposable> =>
  listening(createServer(listener));

describe("P2: http", () => {
  test("200 to 399 is good, and a redirect is shown and not followed", async () => {
    const seen: string[] = [];
    await using server = await web(({ url, headers }, answer) => {
      seen.push(`${url} ${headers.host} ${headers["user-agent"]} ${headers.connection}`);
      answer.writeHead(Number(url?.slice(1)), { Location: "/200" }).end("x".repeat(200_000));
    });
    const authority = `127.0.0.1:${portOf(server)}`;
    expect(await probe("http", `http://${authority}/302`)).toEqual({
      status: 0,
      stdout: `http http://${authority}/302: HTTP status 302 to /200\n`,
      stderr: "",
    });
    expect(await probe("http", `http://${authority}/503`)).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/: HTTP status 503\n$/),
    });
    expect(seen).toEqual([`/302 ${authority} upinit close`, `/503 ${authority} upinit close`]);
  });

  test("a name is tried at each of its addresses, and the reason names each", async () => {
    await using server = await web((_request, answer) => answer.end());
    expect((await probe("http", `http://localhost:${portOf(server)}/`)).status).toBe(0);
    expect((await probe("tcp", "localhost:1")).stdout).toMatch(
      /^tcp localhost:1: .*127\.0\.0\.1: Connection refused/,
    );
  });

  test("over a Unix socket", async () => {
    const path = join(directory, "web.sock");
    await using _server = await listening(
      createServer(({ url }, answer) => answer.writeHead(url === "/healthz" ? 204 : 404).end()),
      path,
    );
    expect((await probe("http", `unix:${path}:/healthz`)).status).toBe(0);
    expect((await probe("unix", path)).status).toBe(0);
  });

  test("an answer that does not come, or is no HTTP, ends with its timeout or at once", async () => {
    await using silent = await listening(createSocketServer((socket) => socket.resume()));
    const waited = await probe("--timeout", "0.2", "http", `http://127.0.0.1:${portOf(silent)}/`);
    expect(waited).toMatchObject({ status: 1, stdout: expect.stringContaining("timeout: no answer") });
    await using rude = await listening(createSocketServer((socket) => socket.resume().end("SSH-2.0\r\n")));
    expect((await probe("http", `http://127.0.0.1:${portOf(rude)}/`)).stdout).toContain("is no HTTP");
  });
});

describe("P3: --wait", () => {
  test("0 tries once, more waits until it is there", async () => {
    expect(await probe("--wait", "0", "unix", "/tmp/none.sock")).toMatchObject({ status: 1 });
    const path = join(directory, "late.sock");
    const waiting = probe("--wait", "30", "unix", path);
    await using _server = await listening(createSocketServer(), path);
    expect(await waiting).toMatchObject({ status: 0 });
  });

  test.each(["5x", "-1", ""])("%j is no number of seconds", async (wait) => {
    const { status, stderr } = await probe(`--wait=${wait}`, "tcp", "80");
    expect(status).toBe(1);
    expect(stderr).toMatch(/^initctl: illegal number of seconds: .*\nTry `initctl --help'/);
  });

  test("https and credentials are refused by name", async () => {
    expect((await probe("http", "https://localhost/")).stderr).toContain("exec");
    expect(await probe("http", "http://me:secret@localhost/")).toMatchObject({ status: 1 });
  });
});
