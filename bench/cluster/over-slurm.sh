# A Slurm of three virtual hosts, and jobs of larmor slurm-template on it. Sourced by run.
# shellcheck shell=bash

slurm_hosts=$work/slurm.${work##*.}
slurm=$work/slurm

slurm_down() {
  [ ! -d "$slurm_hosts" ] || HOSTS_STATE=$slurm_hosts "$here/hosts" down
  [ ! -s "$slurm/munged.pid" ] || kill "$(cat "$slurm/munged.pid")"
}

on() { HOSTS_STATE=$slurm_hosts "$here/hosts" run "$@"; }

slurm_up() {
  local host
  HOSTS_STATE=$slurm_hosts "$here/hosts" up 3 ||
    die "no virtual hosts: the kernel or the container does not allow network namespaces"
  mkdir -p "$slurm/state" "$slurm/tmp.node1" "$slurm/tmp.node2" "$slurm/tmp.node3"
  chmod 755 "$work"
  mungekey --create --keyfile="$slurm/munge.key"
  munged --key-file="$slurm/munge.key" --socket="$slurm/munge.socket" --pid-file="$slurm/munged.pid" \
    --log-file="$slurm/munged.log" --seed-file="$slurm/munge.seed" || die "munged does not start: $(tail -n 1 "$slurm/munged.log")"
  cat >"$slurm/slurm.conf" <<CONF
ClusterName=larmor
SlurmctldHost=node1
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$slurm/munge.socket
StateSaveLocation=$slurm/state
SlurmdSpoolDir=$slurm/spool.%n
SlurmctldPidFile=$slurm/slurmctld.pid
SlurmdPidFile=$slurm/slurmd.%n.pid
SlurmctldLogFile=$slurm/slurmctld.log
SlurmdLogFile=$slurm/slurmd.%n.log
TmpFS=$slurm/tmp.%n
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=batch_sched_delay=0,sched_interval=2
SlurmdParameters=config_overrides
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
ReturnToService=2
KillWait=10
SlurmctldTimeout=60
SlurmdTimeout=60
NodeName=node[1-3] CPUs=4 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
  export SLURM_CONF=$slurm/slurm.conf OMPI_MCA_btl_tcp_if_include=eth0
  on node1 slurmctld -c
  for host in node1 node2 node3; do on $host slurmd; done
  wait_for 60 all_idle || die "Slurm's nodes do not come up: $(on node1 sinfo -h -o '%n %T %E' | tr '\n' ';')"
}

all_idle() { [ "$(on node1 sinfo -h -o '%T %D')" = "idle 3" ]; }

# job NAME [SBATCH-OPTION...]: a job that runs the run of this name, six ranks unless the options say otherwise
job() {
  say "job $1"
  pretrain "$1"
  mkdir -p "$work/jobs"
  ln -sf "$larmor_home/larmor" "$work/jobs/larmor"
  "$larmor_home/larmor" slurm-template --name "$1" --nodes 3 --ranks-per-node 2 --cpus-per-rank 1 --memory 2G \
    "${run[@]:1}" >"$work/jobs/$1.sh" 2>"$work/jobs/$1.err" || die "no script: $(tail -n 1 "$work/jobs/$1.err")"
  event=$(seconds)
  job=$(on node1 sbatch --parsable --chdir="$work/jobs" "${@:2}" "$work/jobs/$1.sh") || die "sbatch failed"
  log=$work/jobs/$1-$job.out
}

field() { on node1 scontrol show job -o "$job" | tr ' ' '\n' | sed -n "s/^$1=//p"; }

# over: whether the job has ended; Slurm lets one that is queued again wait two minutes
over() {
  case $(field JobState) in
    PENDING | RUNNING | COMPLETING | REQUEUED | CONFIGURING) return 1 ;;
  esac
}

# done_job SECONDS
done_job() {
  wait_for "$1" over || say "the job does not end"
  took=$(since "$event")
  code=$(field ExitCode | cut -d : -f 1)
}

queued_again() { [ "$(field Restarts)" -gt 0 ]; }

job_message() { grep -hE '^(larmor: |rank [0-9]+ of )|stopped and saved|queued again|DUE TO TIME LIMIT' "$log" | sort | uniq -c | sed "s|$work/||g; s/^ *1 //" | cut -c 1-200 | head -n 4; }

over_slurm() {
  local same difference again
  epochs=2 steps=80 every=20
  say "slurm"
  slurm_up
  {
    echo "== Slurm $(sinfo --version | sed 's/.* //'), 3 virtual nodes x 2 tasks, the script of larmor slurm-template; $epochs epochs of $steps steps, a checkpoint every $every"
    echo
  } | tee -a "$report"

  job calm --time=30
  done_job 1500
  row "$(judge [ "$code $(status calm)" = "0 done 0" ])" "a job with time enough" "exit code 0, status done 0" \
    "status $(status calm)" "$code" "$took"

  job short --time=2 --signal=USR1@60
  wait_for 600 queued_again
  cp -r "$work/results/short" "$work/results/elastic"
  row "$(judge [ "$(status short)" = "stopped 85" ])" "a job of two minutes, USR1 a minute before their end" \
    "stopped and saved, status stopped 85, queued again" "status $(status short), $(field Restarts) time(s) queued again" \
    85 "$(since "$event")" "$(job_message)"
  done_job 1500
  again=$(field Restarts)
  same=other
  [ "$(final short)" = "$(final calm)" ] && same=same
  row "$(judge [ "$code $same" = "0 same" ])" "the same job to its end" "exit code 0, the bits of the job with time enough" \
    "$same bits, $again time(s) queued again, status $(status short)" "$code" "$took"

  job elastic --nodes=2 --time=30
  done_job 1500
  difference=$(apart calm elastic 10)
  row "$(judge eval "[ $code = 0 ] && at_most $difference 1e-6")" "what the short job saved, gone on with on 2 nodes (4 tasks)" \
    "exit code 0, the next 10 losses within 1e-6 of the job's with time enough (then rounding grows)" \
    "at most $difference apart, $(apart calm elastic) to the end, status $(status elastic)" "$code" "$took"

  job hit --time=30
  wait_for 600 test -f "$(fold hit)/checkpoint_latest.safetensors"
  event=$(seconds)
  # shellcheck disable=SC2046 # one number
  kill -9 $(for p in $(HOSTS_STATE=$slurm_hosts "$here/hosts" processes node2); do
    [ "$(cat "/proc/$p/comm")" = java ] && echo "$p" && break
  done)
  wait_for 120 queued_again
  done_job 1500
  same=other
  [ "$(final hit)" = "$(final calm)" ] && same=same
  row "$(judge [ "$code $same $(field Restarts)" = "0 same 1" ])" "a job with a rank killed (kill -9) after its first checkpoint" \
    "queued again once, exit code 0, the same bits" "$same bits, $(field Restarts) time(s) queued again, status $(status hit)" \
    "$code" "$took" "$(job_message)"
}
