/**
 * Loads a package that only one output needs and that is not installed with this one.
 *
 * @param load the import itself, written where it is needed, so that tools see it
 * @throws Error that says what to install when it is absent
 * @example const { SQSClient } = await loadPeer('@aws-sdk/client-sqs', () => import('@aws-sdk/client-sqs'))
 */
export async function loadPeer<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // Deno and Bun name it in the message only.
    const absent =
      code === 'ERR_MODULE_NOT_FOUND' ||
      code === 'MODULE_NOT_FOUND' ||
      /cannot find|not found/i.test(message);
    if (!absent || !message.includes(name)) throw error;
    throw new Error(
      `this output needs the package ${name}: install it beside tiercel with  npm install ${name}`,
      {
        cause: error,
      },
    );
  }
}
