using System.Globalization;

namespace Scitq.Coordinator.Batches;

/// <summary>New properties of a batch; one that is null stays as it is.</summary>
/// <param name="MaxFails">After so many failures in a row it is stopped; 0 is never.</param>
/// <param name="Description">What it is for; empty takes it away.</param>
/// <param name="Priority">That of its tasks which were given none of their own.</param>
/// <param name="KeepTasks">Days for which its ended tasks are kept; 0 is as long as those of any batch.</param>
/// <param name="KeepLogs">The same of what they printed.</param>
internal sealed record BatchChange(int? MaxFails, string? Description, int? Priority, double? KeepTasks, double? KeepLogs)
{
    /// <summary>What it changes, for the history.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        MaxFails is null ? null : $"max_fails {MaxFails}", Description is null ? null : $"description '{Description}'",
        Priority is null ? null : $"priority {Priority}",
        KeepTasks is null ? null : string.Create(CultureInfo.InvariantCulture, $"keep_tasks {KeepTasks}"),
        KeepLogs is null ? null : string.Create(CultureInfo.InvariantCulture, $"keep_logs {KeepLogs}"),
    }.Where(part => part is not null));
}
