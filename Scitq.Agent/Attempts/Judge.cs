using Scitq.Contracts;

namespace Scitq.Agent.Attempts;

/// <summary>Decides what the end of a command means. The first cause that applies is the failure; what else is known are warnings.</summary>
internal static class Judge
{
    public static Verdict Of(CommandEnd end)
    {
        // Whatever it did when it was stopped, its user knows why.
        if (end.Cancelled) return new Verdict(null, null, null, []);
        var (failure, reason) = Failure(end) is { } found ? (found.Class, found.Reason) : ((FailureClass?)null, (string?)null);
        var note = failure is FailureClass.Disk ? reason : null;
        if (failure is null && end.Spec.StrictOutput && end.OutputLost is { } lost) (failure, reason) = (FailureClass.Disk, $"{lost} (--strict-output)");
        return new Verdict(failure, reason, note, [.. Warnings(end)]);
    }

    private static (FailureClass Class, string Reason)? Failure(CommandEnd end) => end switch
    {
        { OutOfRoom: { } filled } => (FailureClass.Disk, filled),
        { TimedOut: true } => (FailureClass.Timeout, $"the command was stopped after its run timeout of {end.Spec.RunTimeout} s"),
        { Exit.ExitCode: null } => (WithoutExitCode(end), end.Exit.Problem ?? "the command ended, but nobody knows how"),
        { Exit.ExitCode: 0 } => null,
        { Exit.OomKilled: true } =>
            (FailureClass.Oom, $"the kernel killed the command for want of memory after {Took(end)}; give it more memory, or run fewer at once"),
        { DiskWasFull: true } => (FailureClass.Disk, $"{Ended(end)}, and the worker's disk was full while it ran"),
        _ => (FailureClass.Exit, Ended(end)),
    };

    private static FailureClass WithoutExitCode(CommandEnd end) =>
        end.DiskWasFull && end.Exit.Failure is FailureClass.Start ? FailureClass.Disk : end.Exit.Failure ?? FailureClass.Lost;

    private static IEnumerable<string> Warnings(CommandEnd end)
    {
        if (end is { OutOfRoom: null, TimedOut: false, Exit: { ExitCode: 0, OomKilled: true } })
            yield return "the kernel killed a process of the command for want of memory, though the command itself ended with exit code 0";
        if (end.Exit is { ExitCode: not null, Problem: { } problem }) yield return problem;
        if (end.OutputLost is { } lost) yield return lost;
    }

    private static string Ended(CommandEnd end) => $"the command ended {Failures.Ending(end.Exit.ExitCode!.Value)} after {Took(end)}";

    private static string Took(CommandEnd end) => Failures.Duration(end.Took);
}
