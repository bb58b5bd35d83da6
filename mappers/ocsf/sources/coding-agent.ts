import type { Fields } from '../../falco-fields/fields.ts';
import { splitPath } from '../../falco-fields/file.ts';
import type { Activity, Room } from '../objects/activity.ts';
import { fileOf } from '../objects/file.ts';

/** Tool calls of coding agents: the source `coding_agent`. The agent is the actor, the tool is what it calls. */
export function codingAgent(fields: Fields, room: Room): Activity {
  const agent = fields.peek('agent.name');
  const api = room.api(undefined) ? apiOf(fields, agent) : undefined;
  const path = room.evidence ? fields.first('tool.real_file_path', 'tool.file_path') : undefined;
  fields.takeIfEqual(path, 'tool.file_path');
  const name = room.evidence ? fields.text('agent.name') : undefined;
  return {
    api,
    user: name === undefined ? undefined : { name },
    file: path === undefined ? undefined : fileOf(splitPath(path), undefined),
  };
}

function apiOf(fields: Fields, agent: string | undefined): Activity['api'] {
  const operation = fields.text('tool.name');
  if (operation === undefined) return undefined;
  const service = fields.text('tool.mcp_server') ?? agent;
  const uid = fields.text('tool.use_id');
  return {
    operation,
    service: service === undefined ? undefined : { name: service },
    request: uid === undefined ? undefined : { uid },
  };
}
