import type { HttpBindings } from '@hono/node-server';

/** What a server hands to the application with each request. */
export type Env = { Bindings: Partial<HttpBindings> };
