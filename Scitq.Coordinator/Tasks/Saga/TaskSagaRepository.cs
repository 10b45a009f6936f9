using MassTransit;
using MassTransit.Middleware;
using MassTransit.Saga;
using Scitq.Contracts.Messages;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>
/// The door by which single messages come: MassTransit's saga repository over the commit loop. The message waits for its group, is handled there by
/// MassTransit's own pipe, together with whatever else is at hand, and is acknowledged once the group is saved.
/// </summary>
/// <remarks>With a container MassTransit asks for the <see cref="ISagaRepositoryContextFactory{TSaga}"/>, without one for the repository itself.</remarks>
internal sealed class TaskSagaRepository(TaskInbox inbox) : ISagaRepository<TaskSaga>, ISagaRepositoryContextFactory<TaskSaga>
{
    public void Probe(ProbeContext context) => context.CreateScope("sagaRepository").Add("persistence", "groups");

    public Task Send<T>(ConsumeContext<T> context, ISagaPolicy<TaskSaga, T> policy, IPipe<SagaConsumeContext<TaskSaga, T>> next)
        where T : class => Send(context, new SendSagaPipe<TaskSaga, T>(policy, next, Id(context)));

    public async Task Send<T>(ConsumeContext<T> context, IPipe<SagaRepositoryContext<TaskSaga, T>> next)
        where T : class
    {
        var outcome = await inbox.RaiseAsync(new SagaMessage<T>(Id(context), context, next), context.CancellationToken);
        if (context.TryGetPayload<OutcomePlace>(out var place)) place.Outcome = outcome;
    }

    public Task SendQuery<T>(
        ConsumeContext<T> context, ISagaQuery<TaskSaga> query, ISagaPolicy<TaskSaga, T> policy, IPipe<SagaConsumeContext<TaskSaga, T>> next)
        where T : class => throw ById();

    public Task SendQuery<T>(ConsumeContext<T> context, ISagaQuery<TaskSaga> query, IPipe<SagaRepositoryQueryContext<TaskSaga, T>> next)
        where T : class => throw ById();

    private static Guid Id<T>(ConsumeContext<T> context)
        where T : class => context.CorrelationId ?? throw new SagaException("The message names no task.", typeof(TaskSaga), typeof(T));

    private static NotSupportedException ById() => new("Events find their task by its id, not by a query.");

    /// <summary>A message that MassTransit's pipe handles when its group is.</summary>
    private sealed class SagaMessage<T>(Guid id, ConsumeContext<T> context, IPipe<SagaRepositoryContext<TaskSaga, T>> pipe) : TaskStimulus(id)
        where T : class
    {
        public override string? Batch => (context.Message as SubmitTask)?.Spec.Batch;

        public override Task RaiseAsync(TaskStateMachine machine, TaskInHand task) => pipe.Send(new TaskRepositoryContext<T>(context, task));
    }
}
