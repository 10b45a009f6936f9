namespace Scitq.Agent.Runtimes.Native;

/// <summary>All processes of one run but the shell that supervises it, which must live to record the end.</summary>
internal sealed class TaskProcesses(Cgroup? group, int supervisor, string lease)
{
    private volatile bool _supervisorEnded;

    public bool Gone => group is null ? !Find().Any() : group.IsEmpty;

    public IEnumerable<int> Ids => Find();

    /// <summary>Whether the supervisor's child has become the command. Before, it can lose a signal: it inherits the shell's handlers for a moment.</summary>
    public bool Begun
    {
        get
        {
            var shell = Posix.Read($"/proc/{supervisor}/cmdline").AsSpan();
            foreach (var child in ProcessTable.Children(supervisor))
                if (Posix.Read($"/proc/{child}/cmdline").AsSpan().SequenceEqual(shell)) return false;
            return true;
        }
    }

    /// <summary>From now on the supervisor's process id may become another's.</summary>
    public void SupervisorEnded() => _supervisorEnded = true;

    /// <summary>Signals each; the number of processes that got it.</summary>
    public int Signal(int signal) => Find().Count(pid => Posix.kill(pid, signal) == 0);

    public void Kill()
    {
        group?.ForbidForks();
        Signal(Posix.SigKill);
    }

    private IEnumerable<int> Find()
    {
        if (group is null)
        {
            // The number of a session is not given to a new process as long as one of the session lives.
            var session = _supervisorEnded && Directory.Exists($"/proc/{supervisor}") ? -1 : supervisor;
            return ProcessTable.Find(TaskEnvironment.LeaseName, lease, session).Where(pid => pid != supervisor || _supervisorEnded);
        }
        // The supervisor's child enters the group just before it becomes the command.
        return _supervisorEnded ? group.ProcessIds() : group.ProcessIds().Union(ProcessTable.Children(supervisor));
    }
}
