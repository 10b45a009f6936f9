using Scitq.Agent.Files;

namespace Scitq.Agent.Journal;

/// <summary>Keeps a second agent out of the work directory; the kernel lets go of it when the process dies.</summary>
internal sealed class WorkDirectoryLock : IDisposable
{
    private const int WouldBlock = 11;
    private static readonly string[] Files = ["lock", "journal", "journal.new"];
    private readonly FileStream _file;

    private WorkDirectoryLock(string directory, FileStream file) => (Directory, _file) = (directory, file);

    /// <summary>The directory, which is this agent's until the lock is disposed of.</summary>
    public string Directory { get; }

    /// <summary>Takes the lock.</summary>
    /// <exception cref="AgentRefusedException">Another agent has it, or the directory can't be used.</exception>
    public static WorkDirectoryLock Take(string directory)
    {
        try
        {
            OwnDirectory.Make(directory, OwnDirectory.AboveTasks);
            foreach (var file in Files) OwnDirectory.CheckFile(Path.Combine(directory, file));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new AgentRefusedException($"The work directory '{directory}' can't be used: {e.Message} Give another with --work-dir.", e);
        }

        try
        {
            var file = new FileStream(Path.Combine(directory, "lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            // Of an older version, which left them open: the journal holds what tasks were told in confidence.
            foreach (var name in Files) OwnDirectory.Close(Path.Combine(directory, name));
            return new WorkDirectoryLock(directory, file);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new AgentRefusedException($"The work directory '{directory}' can't be written to: {e.Message} Give another with --work-dir.", e);
        }
        catch (IOException e) when (e.HResult != WouldBlock)
        {
            throw new AgentRefusedException($"The work directory '{directory}' can't be used: {e.Message} Mend that, or give another with --work-dir.", e);
        }
        catch (IOException e)
        {
            throw new AgentRefusedException($"The work directory '{directory}' is in use by another agent. Give each agent its own with --work-dir.", e);
        }
    }

    public void Dispose() => _file.Dispose();
}
