import { docker, engineAnswers } from "../../test/container/fixture/engine.ts";
import { hostImageName } from "../../test/container/fixture/host-image.ts";
import type { DriverName } from "../../test/container/fixture/index.ts";
import { sandboxKind, sandboxProblem } from "../../test/container/fixture/sandbox.ts";

/** What makes the demo's container on this machine. */
export interface Choice {
  readonly driver: DriverName;
  /** For people. */
  readonly description: string;
  /** Removes what the driver leaves behind beside the container. */
  cleanUp(): Promise<void>;
}

/** Docker when an engine answers, else a sandbox of namespaces. */
export async function chooseDriver(): Promise<Choice> {
  if (engineAnswers()) {
    const image = hostImageName();
    const wasThere = (await docker(["images", "--quiet", image])) !== "";
    return {
      driver: "docker",
      description: "Docker",
      cleanUp: async () => {
        if (!wasThere) await docker(["rmi", "--force", image]);
      },
    };
  }
  const problem = sandboxProblem();
  if (problem) throw new Error(`no Docker engine answers, and no sandbox can be made here: ${problem}`);
  return {
    driver: "sandbox",
    description: `no Docker engine answers, so a sandbox: ${sandboxKind}`,
    cleanUp: async () => {},
  };
}
