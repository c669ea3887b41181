/** The manifest is what Kubernetes takes, and its commands do in a container what it asks of them. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { docker } from "../container/fixture/engine.ts";
import { hostImage } from "../container/fixture/host-image.ts";
import { booted, type Container, container, eventually } from "../container/fixture/index.ts";
import { project } from "../container/fixture/program.ts";
import { buildOurs } from "./build.ts";
import { configMap, deployment, object, service } from "./kubernetes-api.ts";

const text = readFileSync(join(project, "images/web-stack/kubernetes.yaml"), "utf8");
const documents = parseAllDocuments(text);
const objects: { kind: string }[] = documents.map((document) => document.toJS());
const named = (kind: string) => objects.find((each) => each.kind === kind);
const hasNginx = spawnSync("nginx", ["-v"], { stdio: "ignore" }).error === undefined;

describe("images/web-stack/kubernetes.yaml", () => {
  test("holds nothing that the API does not know", () => {
    expect(documents.flatMap(({ errors, warnings }) => [...errors, ...warnings])).toEqual([]);
    for (const each of objects) expect(object.safeParse(each).error).toBeUndefined();
    const misspelt = structuredClone(deployment.parse(named("Deployment")));
    Object.assign(misspelt.spec.template.spec, { terminationGracePeriod: 30 });
    expect(object.safeParse(misspelt).success).toBe(false);
  });

  test("its parts find each other", () => {
    const { spec } = deployment.parse(named("Deployment"));
    const [box, ...others] = spec.template.spec.containers;
    expect(others).toEqual([]);
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
    const { selector, ports } = service.parse(named("Service")).spec;
    expect(spec.template.metadata.labels).toMatchObject(selector);
    expect(box?.ports?.map(({ name }) => name)).toEqual(ports.map(({ targetPort }) => targetPort));
    const volumes = spec.template.spec.volumes ?? [];
    expect(volumes.map(({ name }) => name)).toEqual(box?.volumeMounts?.map(({ name }) => name));
    expect(volumes[0]?.configMap.name).toBe(configMap.parse(named("ConfigMap")).metadata.name);
    expect(box?.volumeMounts?.[0]?.mountPath).toBe(box?.args?.at(-1));
  });

  // The kubelet's part by hand: a pause process that owns the namespace, the ConfigMap as a read-only volume with its
  // links, the probes, preStop, then TERM with the grace period.
  test.skipIf(!hasNginx)("does in a container what the kubelet would see", async () => {
    const spec = deployment.parse(named("Deployment")).spec.template.spec;
    const [box] = spec.containers;
    const { startupProbe, readinessProbe, livenessProbe, lifecycle } = box ?? {};
    if (!box || !startupProbe || !readinessProbe || !livenessProbe || !lifecycle)
      throw new Error("no probes");
    const mount = box.volumeMounts?.[0]?.mountPath ?? "";
    const base = await hostImage({ programs: ["nginx"], trees: ["/etc/nginx"] });
    const image = { docker: await buildOurs("web-stack", base) };
    const probe = (one: Container, { exec }: { exec: { command: string[] } }) => one.run(exec.command);

    await using pause = await container({
      driver: "docker",
      entrypoint: ["sleep", "1000000"],
      files: volume(configMap.parse(named("ConfigMap")).data),
      docker: ["--volume", "/jobs"],
    });
    const id = await docker(["ps", "--quiet", "--no-trunc", "--filter", "volume=/jobs"]);
    const mounts = JSON.parse(await docker(["inspect", "--format", "{{json .Mounts}}", id])) as {
      Name: string;
    }[];
    await using one = await booted({
      driver: "docker",
      image,
      args: box.args ?? [],
      env: { KUBERNETES_SERVICE_HOST: "10.0.0.1" },
      docker: ["--pid", `container:${id}`, "--volume", `${mounts[0]?.Name}:${mount}:ro`],
    });
    await eventually(() => probe(one, startupProbe));
    await probe(one, readinessProbe);
    await probe(one, livenessProbe);
    await eventually(() => one.stdout.includes("announce | complete\n"));

    await probe(one, lifecycle.preStop);
    await expect(probe(one, readinessProbe)).rejects.toThrow("nginx is stop/waiting");
    expect(await one.stop(spec.terminationGracePeriodSeconds)).toBe(0);
    expect(await pause.run("cat /proc/1/comm")).toBe("sleep");
  });
});

/** A ConfigMap as the kubelet mounts it: each name a link into `..data`, itself a link to a dated directory. */
function volume(data: Readonly<Record<string, string>>) {
  const dated = "..2026_01_01_00_00_00.000000001";
  return {
    "/jobs/..data": { link: dated },
    ...Object.fromEntries(Object.entries(data).map(([name, content]) => [`/jobs/${dated}/${name}`, content])),
    ...Object.fromEntries(Object.keys(data).map((name) => [`/jobs/${name}`, { link: `..data/${name}` }])),
  };
}
