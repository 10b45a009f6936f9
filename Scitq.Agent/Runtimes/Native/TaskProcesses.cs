namespace Scitq.Agent.Runtimes.Native;

/// <summary>All processes of one run but the shell that supervises it, which must live to record the end.</summary>
internal sealed class TaskProcesses(Cgroup? group, int supervisor, string lease)
{
    // Each looks through all processes, which takes longer than to stop one.
    private const int MostTries = 100;

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
        // The first kind of control groups lets nothing that is frozen die.
        group?.Thaw();
    }

    /// <summary>Lets all of them stand still: frozen by the control group, which they don't notice, or else stopped one by one.</summary>
    /// <exception cref="IOException">Some could not be.</exception>
    public void Suspend()
    {
        if (group?.TryFreeze(Find) == true) return;
        // What one forks before it is reached is found the next time.
        for (var tries = 0; Find().Where(ProcessTable.Moves).ToList() is { Count: > 0 } moving; tries++)
        {
            if (tries == MostTries) throw new IOException($"{moving.Count} processes of the command do not stop");
            foreach (var pid in moving) _ = Posix.kill(pid, Posix.SigStop);
        }
    }

    public void Continue()
    {
        if (group?.Thaw() != true) Signal(Posix.SigCont);
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
