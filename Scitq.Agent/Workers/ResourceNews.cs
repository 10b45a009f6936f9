using Scitq.Agent.Attempts;
using Scitq.Agent.Parts;
using Scitq.Agent.Staging;
using Scitq.Contracts.Messages;

namespace Scitq.Agent.Workers;

/// <summary>Tells the coordinator of the resources that are kept here, and only when their list or their use has changed since it last knew.</summary>
internal sealed class ResourceNews(ResourceCache resources, AttemptTable attempts) : ICoordinatorListener
{
    private (long Sequence, State Resources)? _told;
    private volatile State? _known;

    /// <summary>What a heartbeat is to tell; null when the coordinator knows it.</summary>
    /// <param name="sequence">The heartbeat's.</param>
    public IReadOnlyList<CachedResource>? For(long sequence)
    {
        // Who uses them changes without their doing.
        var uses = attempts.All.Where(a => a.End is null).Sum(a => a.Spec.Resources.Sum(r => (long)r.GetHashCode()));
        var state = new State(resources.Revision, uses);
        if (state == _known) return null;
        _told = (sequence, state);
        return resources.List();
    }

    public void Registered(WorkerRegistered answer) => _known = null;

    public void Answered(HeartbeatAnswered answer)
    {
        if (_told is { } told && told.Sequence == answer.Sequence) _known = told.Resources;
    }

    /// <summary>Changes when what there is to tell does.</summary>
    private sealed record State(long Revision, long Uses);
}
