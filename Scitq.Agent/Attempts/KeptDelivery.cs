using Scitq.Agent.Disk;
using Scitq.Agent.Journal;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Attempts;

/// <summary>An attempt that runs nothing: it delivers what an earlier one has left.</summary>
internal sealed class KeptDelivery(WorkDirectories directories, Leases leases, Delivery delivery, AgentOptions options)
{
    public async Task RunAsync(Attempt attempt, KeptOutput kept, Outcome outcome)
    {
        // First: whatever goes wrong from here on, the command has ended, and no log is collected.
        outcome.Exit = new RunExit(kept.ExitCode);
        outcome.Stage = AttemptStage.Uploading;
        if (!attempt.TryStart()) throw new OperationCanceledException(attempt.Stopping);

        // Told twice, it may be over already: the directory is touched only once the coordinator has confirmed the lease.
        await leases.WaitAsync(attempt.Key, attempt.Stopping);
        if (attempt.Spec.Output is not { } output || !directories.TakeBack(attempt.Number, kept.Attempts, attempt.Directory))
        {
            outcome.Fail(FailureClass.Upload, $"worker {options.Name} no longer has the output: it was cleaned, or the work directory is another one; "
                + "relaunch to run the task again");
            return;
        }

        if (kept.ExitCode is not (null or 0)) outcome.Fail(FailureClass.Exit, $"the command had ended {Failures.Ending(kept.ExitCode.Value)}");
        await delivery.DeliverAsync(attempt, output, outcome);
    }
}
