using Scitq.Contracts.Messages;

namespace Scitq.Tools.Launch;

/// <summary>Carries tasks to the coordinator; the same tasks may be sent any number of times and are queued once.</summary>
internal interface ISubmitter : IAsyncDisposable
{
    /// <summary>What became of each, in the order given; without number where the coordinator will give it later.</summary>
    Task<IReadOnlyList<SubmittedTask>> SubmitAsync(IReadOnlyList<SubmitTask> tasks, CancellationToken cancel);
}
