/**
 * What the project's manifests use of the Kubernetes API (`v1`, `apps/v1`), written down by hand from its published
 * reference, since no cluster is here to ask. Strict: a field that isn't here is a mistake in the manifest, or new.
 */
import * as z from "zod";

/** A name of RFC 1123, as most objects must have. */
const label = z.string().regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/);
const portName = z.string().regex(/^(?=.*[a-z])[a-z0-9]([-a-z0-9]{0,13}[a-z0-9])?$/);
const port = z.int().min(1).max(65535);
const labels = z.record(z.string(), z.string());
const quantity = z.string().regex(/^\d+(\.\d+)?(m|k|Ki|M|Mi|G|Gi)?$/);
const countOrShare = z.union([z.int().min(0), z.string().regex(/^\d+%$/)]);
const metadata = z.strictObject({ name: label, labels: labels.optional() });

const command = z.strictObject({ command: z.array(z.string()).nonempty() });

const probe = z.strictObject({
  exec: command,
  initialDelaySeconds: z.int().min(0).optional(),
  periodSeconds: z.int().min(1).optional(),
  timeoutSeconds: z.int().min(1).optional(),
  failureThreshold: z.int().min(1).optional(),
  successThreshold: z.int().min(1).optional(),
});
/** These two begin anew with one success. */
const probeOfOneSuccess = probe.extend({ successThreshold: z.literal(1).optional() });

const container = z.strictObject({
  name: label,
  image: z.string().min(1),
  command: z.array(z.string()).optional(),
  args: z.array(z.string()).optional(),
  ports: z.array(z.strictObject({ name: portName.optional(), containerPort: port })).optional(),
  startupProbe: probeOfOneSuccess.optional(),
  livenessProbe: probeOfOneSuccess.optional(),
  readinessProbe: probe.optional(),
  lifecycle: z.strictObject({ preStop: z.strictObject({ exec: command }) }).optional(),
  resources: z
    .strictObject({
      requests: z.partialRecord(z.enum(["cpu", "memory"]), quantity).optional(),
      limits: z.partialRecord(z.enum(["cpu", "memory"]), quantity).optional(),
    })
    .optional(),
  volumeMounts: z
    .array(
      z.strictObject({
        name: label,
        mountPath: z.string().regex(/^[^:]+$/),
        readOnly: z.boolean().optional(),
      }),
    )
    .optional(),
});

const podSpec = z.strictObject({
  shareProcessNamespace: z.boolean().optional(),
  terminationGracePeriodSeconds: z.int().min(0).optional(),
  containers: z.array(container).nonempty(),
  volumes: z.array(z.strictObject({ name: label, configMap: z.strictObject({ name: label }) })).optional(),
});

export const deployment = z.strictObject({
  apiVersion: z.literal("apps/v1"),
  kind: z.literal("Deployment"),
  metadata,
  spec: z.strictObject({
    replicas: z.int().min(0).optional(),
    selector: z.strictObject({ matchLabels: labels }),
    strategy: z
      .strictObject({
        type: z.literal("RollingUpdate"),
        rollingUpdate: z.strictObject({ maxUnavailable: countOrShare, maxSurge: countOrShare }),
      })
      .optional(),
    template: z.strictObject({ metadata: z.strictObject({ labels }), spec: podSpec }),
  }),
});

export const configMap = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("ConfigMap"),
  metadata,
  data: z.record(z.string().regex(/^[-._a-zA-Z0-9]{1,253}$/), z.string()),
});

export const service = z.strictObject({
  apiVersion: z.literal("v1"),
  kind: z.literal("Service"),
  metadata,
  spec: z.strictObject({
    selector: labels,
    ports: z.array(z.strictObject({ port, targetPort: z.union([port, portName]) })).nonempty(),
  }),
});

/** Any object that the manifests hold. */
export const object = z.discriminatedUnion("kind", [deployment, configMap, service]);
