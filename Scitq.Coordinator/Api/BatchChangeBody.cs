using Scitq.Contracts;
using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Batches;
using Scitq.Coordinator.Retention;

namespace Scitq.Coordinator.Api;

/// <summary>What is to be changed of a batch; what is left out stays.</summary>
internal sealed record BatchChangeBody : ActionArguments
{
    private const int MostFails = 1_000_000, LongestDescription = 1000;

    /// <summary>After so many failures in a row it is stopped; 0 is never.</summary>
    public int? MaxFails { get; init; }

    /// <summary>What it is for; empty takes it away.</summary>
    public string? Description { get; init; }

    /// <summary>That of its tasks which were given none of their own: -10 to 10, higher first.</summary>
    public int? Priority { get; init; }

    /// <summary>For how many days its ended tasks are kept; 0 is as long as those of any batch.</summary>
    public double? KeepTasks { get; init; }

    /// <summary>For how many days what its tasks printed is kept after their end; 0 as above.</summary>
    public double? KeepLogs { get; init; }

    internal BatchChange Change => new(MaxFails, Description, Priority, KeepTasks, KeepLogs);

    public override void Check()
    {
        base.Check();
        if (Change == new BatchChange(null, null, null, null, null))
            throw new InvalidRequestException("nothing to change: give max_fails, priority, description, keep_tasks or keep_logs.");
        foreach (var (name, days) in (ReadOnlySpan<(string, double?)>)[("keep_tasks", KeepTasks), ("keep_logs", KeepLogs)])
            if (days is not (null or 0) && !RetentionOptions.IsPossible(days.Value))
                throw new InvalidRequestException($"{name} {days} is not a possible number of days (0: as long as those of any batch).");
        if (TaskPriority.Problem(Priority) is { } problem) throw new InvalidRequestException(problem);
        if (MaxFails is < 0 or > MostFails) throw new InvalidRequestException($"max_fails {MaxFails} is not between 0 and {MostFails}.");
        if (Description is { Length: > LongestDescription } || Description?.Contains('\0') == true)
            throw new InvalidRequestException($"the description is longer than {LongestDescription} characters or holds a NUL byte.");
    }
}
