import { request } from 'node:http';

/** Asks an instance at its admin socket. @param state the folder of its journal */
export function askAdmin(
  state: string,
  path: string,
  { method = 'GET', headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const options = { socketPath: `${state}/admin.sock`, path, method, agent: false as const };
    request({ ...options, headers: { 'x-tiercel-request': '1', ...headers } }, async (answer) => {
      let body = '';
      for await (const chunk of answer) body += chunk;
      resolve({ status: answer.statusCode ?? 0, body });
    })
      .on('error', reject)
      .end();
  });
}
