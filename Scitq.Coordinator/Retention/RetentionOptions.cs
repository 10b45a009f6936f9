using System.ComponentModel.DataAnnotations;
using Scitq.Hosting.Configuration;

namespace Scitq.Coordinator.Retention;

/// <summary>For how long what has ended is kept; for ever, where nothing is said. A batch may say otherwise of itself.</summary>
public sealed record RetentionOptions
{
    // More than a date can go back.
    private const double MostDays = 36_500;

    /// <summary>How long tasks are kept after their end, with their attempts, history and output.</summary>
    [ServiceOption("keep-tasks", "DAYS", "how long ended tasks are kept, with their history and what they printed (default: for ever)", Form = OptionForm.Days)]
    [Days]
    public TimeSpan? KeepTasks { get; init; }

    /// <summary>How long what a task printed is kept after its end.</summary>
    [ServiceOption("keep-logs", "DAYS", "how long what tasks printed is kept after their end (default: as long as the task)", Form = OptionForm.Days)]
    [Days]
    public TimeSpan? KeepLogs { get; init; }

    /// <summary>How long events are kept: losses, cancels, late ends, refusals.</summary>
    [ServiceOption("keep-events", "DAYS", "how long events are kept (default: for ever, those of a task as long as it)", Form = OptionForm.Days)]
    [Days]
    public TimeSpan? KeepEvents { get; init; }

    /// <summary>Whether so many days can be asked for.</summary>
    internal static bool IsPossible(double days) => days is > 0 and <= MostDays;

    [AttributeUsage(AttributeTargets.Property)]
    private sealed class DaysAttribute : ValidationAttribute
    {
        public DaysAttribute()
            : base($"{{0}} must be more than 0 and at most {MostDays:0} days.")
        {
        }

        public override bool IsValid(object? value) => value is null || (value is TimeSpan span && IsPossible(span.TotalDays));
    }
}
