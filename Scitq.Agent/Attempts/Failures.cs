using System.Globalization;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Runtimes.Native;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Agent.Attempts;

/// <summary>Turns what went wrong into a class and one line for people.</summary>
internal static class Failures
{
    private static readonly string?[] Signals =
        [null, "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM"];

    /// <summary>The class of an exception; null when it is not one that is foreseen.</summary>
    public static (FailureClass? Failure, string Reason) Classify(Exception e, AttemptStage stage) => e switch
    {
        StartException start => (IsFull(e) || SaysFull(e) ? FailureClass.Disk : start.Failure, start.Message),
        DownloadTimeoutException => (FailureClass.Download, e.Message),
        FetchException when IsFull(e) || (stage != AttemptStage.Uploading && SaysFull(e)) => (FailureClass.Disk, e.Message),
        IOException when IsFull(e) => (FailureClass.Disk, $"the worker's disk is full: {e.Message}"),
        FetchException => (stage == AttemptStage.Uploading ? FailureClass.Upload : FailureClass.Download, e.Message),
        IOException or UnauthorizedAccessException =>
            (stage == AttemptStage.Uploading ? FailureClass.Upload : FailureClass.Start, $"the worker's work directory can't be used: {e.Message}"),
        _ => (null, $"the worker met an error of its own ({e.GetType().Name}: {e.Message}); its log has more"),
    };

    /// <summary>Whether want of room, or of quota, is behind it.</summary>
    public static bool IsFull(Exception? e)
    {
        for (; e is not null; e = e.InnerException)
            if (e is DiskFullException or IOException { HResult: Posix.NoSpace or Posix.QuotaExceeded }) return true;
        return false;
    }

    /// <summary>Programs and the container engine say it in words.</summary>
    private static bool SaysFull(Exception e) =>
        e.Message.Contains("no space left on device", StringComparison.OrdinalIgnoreCase)
        || e.Message.Contains("disk quota exceeded", StringComparison.OrdinalIgnoreCase);

    /// <summary>For example <c>5.2s</c> or <c>3h 20m</c>.</summary>
    public static string Duration(TimeSpan time) => time switch
    {
        { TotalSeconds: < 60 } => string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, time.TotalSeconds):0.0}s"),
        { TotalMinutes: < 60 } => $"{time.Minutes}m {time.Seconds}s",
        _ => $"{(long)time.TotalHours}h {time.Minutes}m",
    };

    /// <summary><c>with exit code 3</c>, and which signal that stands for.</summary>
    public static string Ending(int code) =>
        code > 128 && code - 128 < Signals.Length ? $"with exit code {code} (signal SIG{Signals[code - 128]})" : $"with exit code {code}";
}
