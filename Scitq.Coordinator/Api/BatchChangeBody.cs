using Scitq.Coordinator.Api.Actions;
using Scitq.Coordinator.Batches;

namespace Scitq.Coordinator.Api;

/// <summary>What is to be changed of a batch; what is left out stays.</summary>
internal sealed record BatchChangeBody : ActionArguments
{
    private const int MostFails = 1_000_000, LongestDescription = 1000;

    /// <summary>After so many failures in a row it is stopped; 0 is never.</summary>
    public int? MaxFails { get; init; }

    /// <summary>What it is for; empty takes it away.</summary>
    public string? Description { get; init; }

    internal BatchChange Change => new(MaxFails, Description);

    public override void Check()
    {
        base.Check();
        if (Change == new BatchChange(null, null)) throw new InvalidRequestException("nothing to change: give max_fails or description.");
        if (MaxFails is < 0 or > MostFails) throw new InvalidRequestException($"max_fails {MaxFails} is not between 0 and {MostFails}.");
        if (Description is { Length: > LongestDescription } || Description?.Contains('\0') == true)
            throw new InvalidRequestException($"the description is longer than {LongestDescription} characters or holds a NUL byte.");
    }
}
