/** The SDK's own switch for its warning that later versions do not support Node 20: the version is pinned (CONTRIBUTING.md). */
const NO_NODE_WARNING = 'AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED';

const nothing = () => {};

/** The logger of the SDK: what it prints to the console is also in the error. */
export const silent = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Call it before the SDK is loaded. */
export function silenceNodeWarning(): void {
  process.env[NO_NODE_WARNING] ??= 'true';
}
