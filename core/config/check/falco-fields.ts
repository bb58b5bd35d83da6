/**
 * The output fields of Falco's own event sources and its audit plugins, by what they begin with: the field classes of the Falco
 * documentation. Plugins may have others; an unknown field is compared with these.
 */
const CLASSES: Readonly<Record<string, string>> = {
  proc: 'acmdline aenv aexe aexepath aname apid args cmdlenargs cmdline cmdnargs cwd duration env exe exe_ino exe_ino.ctime exe_ino.ctime_duration_pidns_start exe_ino.ctime_duration_proc_start exe_ino.mtime exeline exepath fdlimit fdopencount fdusage is_container_healthcheck is_container_liveness_probe is_container_readiness_probe is_exe_from_memfd is_exe_lower_layer is_exe_upper_layer is_exe_writable is_sid_leader is_vpgid_leader loginshellid name nchilds nthreads pcmdline pexe pexepath pgid pgid.exe pgid.exepath pgid.name pid pid.ts pidns_init_start_ts pname ppid ppid.duration ppid.ts pvpid sid sid.exe sid.exepath sname stdin.name stdin.type stdout.name stdout.type stderr.name stderr.type tty vmrss vmsize vmswap vpgid vpgid.exe vpgid.exepath vpgid.name vpid',
  thread:
    'cap_effective cap_inheritable cap_permitted cgroup cgroups cpu exectime ismain nametid tid totexectime vmrss vmsize vtid',
  user: 'homedir loginname loginuid name shell uid',
  group: 'gid name',
  fd: 'cip cip.name cnet containerdirectory containername connected cport cproto dev dev.major dev.minor directory filename ino ip is_lower_layer is_server is_upper_layer l4proto lip lip.name lnet lport lproto name name_changed nameraw net num port proto rip rip.name rnet rport rproto sip sip.name snet sockfamily sport sproto type typechar types uid',
  fs: 'path.name path.nameraw path.source path.sourceraw path.target path.targetraw',
  evt: 'abspath arg args asynctype buffer buflen category count cpu datetime datetime.s deltatime dir failed hostname info is_async is_io is_io_read is_io_write is_open_create is_open_exec is_open_read is_open_write is_wait latency num plugininfo pluginname rawres rawtime reltime res source time time.iso8601 time.s type wait_latency',
  container:
    'cni.json duration full_id healthcheck host_ipc host_network host_pid id image image.digest image.id image.repository image.tag ip label labels liveness_probe mount mounts name privileged readiness_probe start_ts type',
  k8s: 'deployment.id deployment.name ns.id ns.label ns.labels ns.name pod.cni.json pod.full_sandbox_id pod.id pod.ip pod.label pod.labels pod.name pod.sandbox_id pod.uid rc.id rc.name rs.id rs.name svc.id svc.name',
  ka: 'auditid auth.decision auth.reason cluster.name impuser.name req.binding.role req.binding.subjects req.configmap.name req.configmap.obj req.container.image req.pod.containers.image req.pod.containers.privileged req.pod.host_ipc req.pod.host_network req.pod.host_pid req.pod.volumes.hostpath req.role.rules req.service.ports req.service.type response.code response.reason sourceips stage target.name target.namespace target.pod.name target.resource target.subresource uri uri.param user.groups user.name useragent verb',
  ct: 'apiversion error errormessage eventtype id info managementevent name readonly recipientaccountid region requestid resources shortsrc src srcip time tlsversion user user.accountid user.arn user.identitytype user.keyid user.principalid user.username useragent vpcendpointid',
};

export const FALCO_FIELDS: ReadonlySet<string> = new Set(
  Object.entries(CLASSES).flatMap(([begin, names]) => names.split(' ').map((name) => `${begin}.${name}`)),
);
