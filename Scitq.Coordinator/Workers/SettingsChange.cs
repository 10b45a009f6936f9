namespace Scitq.Coordinator.Workers;

/// <summary>New settings of a worker; a setting that is null stays as it is.</summary>
internal sealed record SettingsChange(string? Batch, int? Concurrency, int? Prefetch, bool? Paused)
{
    /// <summary>What it changes, for the history.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        Batch is null ? null : $"batch {Batch}", Concurrency is null ? null : $"concurrency {Concurrency}", Prefetch is null ? null : $"prefetch {Prefetch}",
        Paused switch { null => null, true => "paused", false => "resumed" },
    }.Where(part => part is not null));
}
