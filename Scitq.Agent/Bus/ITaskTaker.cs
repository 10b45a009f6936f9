using Scitq.Contracts.Messages;

namespace Scitq.Agent.Bus;

/// <summary>Takes tasks that the batch's queue delivers.</summary>
internal interface ITaskTaker
{
    /// <summary>One delivery; false gives it back.</summary>
    Task<bool> TakeAsync(TaskQueued task, CancellationToken connection);
}
