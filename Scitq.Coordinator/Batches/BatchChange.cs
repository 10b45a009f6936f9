namespace Scitq.Coordinator.Batches;

/// <summary>New properties of a batch; one that is null stays as it is.</summary>
/// <param name="MaxFails">After so many failures in a row it is stopped; 0 is never.</param>
/// <param name="Description">What it is for; empty takes it away.</param>
internal sealed record BatchChange(int? MaxFails, string? Description)
{
    /// <summary>What it changes, for the history.</summary>
    public override string ToString() => string.Join(", ", new[]
    {
        MaxFails is null ? null : $"max_fails {MaxFails}", Description is null ? null : $"description '{Description}'",
    }.Where(part => part is not null));
}
