namespace Scitq.Fetch;

/// <summary>How <see cref="Fetcher.SyncAsync"/> compares and what it may do.</summary>
public sealed record SyncOptions
{
    /// <summary>Which names take part, on both sides.</summary>
    public NameFilter Filter { get; init; } = NameFilter.All;

    /// <summary>Compare content where both sides can tell an MD5 (local files are read for it); otherwise size, then time.</summary>
    public bool Checksum { get; init; }

    /// <summary>Delete at the destination what the source lacks. Off: a sync never deletes.</summary>
    public bool Delete { get; init; }

    /// <summary>Told of each name that is (or would be) deleted. Called from several threads.</summary>
    public Action<string>? Deleted { get; init; }

    /// <summary>Move and delete nothing, only say what would be.</summary>
    public bool DryRun { get; init; }
}
