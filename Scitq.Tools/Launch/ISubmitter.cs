using Scitq.Contracts.Messages;

namespace Scitq.Tools.Launch;

/// <summary>Carries tasks to the coordinator; the same tasks may be sent any number of times and are queued once.</summary>
internal interface ISubmitter : IAsyncDisposable
{
    /// <summary>Submits the tasks, and gives the outcome of each in the same order; one that the coordinator numbers later has no number.</summary>
    Task<IReadOnlyList<SubmittedTask>> SubmitAsync(IReadOnlyList<SubmitTask> tasks, CancellationToken cancel);
}
