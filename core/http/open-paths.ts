/** What anyone may ask without credentials or a certificate: what probes of the platform ask. */
export const OPEN_PATHS: ReadonlySet<string> = new Set(['/healthz', '/readyz', '/ping']);
