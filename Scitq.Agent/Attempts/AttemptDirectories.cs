using Scitq.Agent.Disk;
using Scitq.Agent.Files;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>An attempt's directory from when it is made until it is kept, used again or removed, and for whom it is.</summary>
internal sealed class AttemptDirectories(WorkDirectories directories, RuntimeSet runtimes, AgentOptions options)
{
    /// <summary>Makes the directory for whom the task says, and says who that is.</summary>
    /// <exception cref="StartException">The task can't be run as whom it names. The directory is there all the same: its streams are to say why.</exception>
    public Ownership Make(Attempt attempt)
    {
        if (!runtimes.CommandsRun) return Ownership.Own;
        var owner = Ownership.Own;
        try
        {
            return owner = runtimes.OwnerOf(attempt.Spec, options.Name);
        }
        finally
        {
            directories.Create(attempt.Directory, owner);
        }
    }

    /// <summary>Gives the inputs to whom the task runs as.</summary>
    public static void HandOver(Attempt attempt, Ownership owner)
    {
        if (owner.Account is { } account) Files.HandOver.ToAccount(attempt.Directory.Input, account.Uid, account.Gid);
        else if (owner.Container) Files.HandOver.ToContainer(attempt.Directory.Input);
    }

    /// <summary>Closes the directory of an attempt from before, which an older version of the agent may have left open.</summary>
    public void Narrow(Attempt attempt) => directories.Narrow(attempt.Directory, OwnerOf(attempt));

    /// <summary>Removes the directory of an attempt of which nothing may be left.</summary>
    public void Delete(Attempt attempt)
    {
        if (runtimes.CommandsRun) directories.Delete(attempt.Directory.Root);
    }

    /// <summary>Removes what an earlier process may have staged for a command that it did not start.</summary>
    public void DeleteStaged(Attempt attempt) => directories.Delete(attempt.Directory.Root);

    /// <summary>Keeps the output that a redelivery has not delivered: another attempt has left it, so it is not this one's to drop.</summary>
    public void KeepForOthers(Attempt attempt) => directories.Keep(attempt.Directory.Root, undelivered: true);

    /// <summary>
    /// Keeps the output that an attempt leaves undelivered: this may be all there is of days of work. To be called while the journal still knows the attempt.
    /// </summary>
    public void KeepIfUndelivered(Attempt attempt)
    {
        if (IsUndelivered(attempt)) directories.Keep(attempt.Directory.Root, undelivered: true);
    }

    /// <summary>The attempt's end is recorded: keeps a failure for a while, and uses the directory of a success again or removes it.</summary>
    public void Close(Attempt attempt)
    {
        if (!runtimes.CommandsRun) return;
        if (attempt is { OutOfRoom: null, End: { Stage: AttemptStage.Ended, Result.Failure: not (null or FailureClass.Cancelled) } })
            directories.Keep(attempt.Directory.Root);
        else if (attempt is { Spec: { Image: null, Uid: null, Gid: null }, End: { Stage: AttemptStage.Ended, Result.Failure: null } })
            directories.Recycle(attempt.Directory);
        else
            directories.Delete(attempt.Directory.Root);
    }

    private static bool IsUndelivered(Attempt attempt) => attempt.End?.Result switch
    {
        { Failure: FailureClass.Upload, RunEnded: not null } => true,
        { Failure: FailureClass.Disk, RunEnded: not null, ExitCode: 0 } when attempt.OutOfRoom is null => true,
        { Failure: not null } when attempt.Redelivers is not null => true,
        _ => false,
    };

    private Ownership OwnerOf(Attempt attempt)
    {
        try
        {
            return runtimes.OwnerOf(attempt.Spec, options.Name);
        }
        catch (StartException)
        {
            // Its account is gone, or no longer allowed: nobody but the agent has to do with the directory.
            return Ownership.Own;
        }
    }
}
