using MassTransit;
using MassTransit.Context;
using MassTransit.Saga;

namespace Scitq.Coordinator.Tasks.Saga;

/// <summary>
/// The part of the store that MassTransit's pipe sees while a group is in hand: the one task that the message names. The group is saved as a whole, later.
/// </summary>
internal sealed class TaskRepositoryContext<TMessage>(ConsumeContext<TMessage> context, TaskInHand task)
    : ConsumeContextProxy<TMessage>(context), SagaRepositoryContext<TaskSaga, TMessage>
    where TMessage : class
{
    public Task<SagaConsumeContext<TaskSaga, TMessage>> Load(Guid correlationId) =>
        Task.FromResult<SagaConsumeContext<TaskSaga, TMessage>>(task.Task is { } saga ? new SagaContext<TMessage>(this, saga, task.Effects) : null!);

    public Task<SagaConsumeContext<TaskSaga, TMessage>> Add(TaskSaga instance)
    {
        task.Add(instance);
        return Load(instance.CorrelationId);
    }

    public Task Save(SagaConsumeContext<TaskSaga> context) => Task.CompletedTask;

    public Task Update(SagaConsumeContext<TaskSaga> context) => Task.CompletedTask;

    // Only after a failure, which ends the group: nothing of it is saved.
    public Task Discard(SagaConsumeContext<TaskSaga> context) => Task.CompletedTask;

    public Task<SagaConsumeContext<TaskSaga, TMessage>> Insert(TaskSaga instance) => throw SendsNothing.Refusal("Inserting a row before its event");

    public Task Delete(SagaConsumeContext<TaskSaga> context) => throw SendsNothing.Refusal("Removing a task");

    public Task Undo(SagaConsumeContext<TaskSaga> context) => throw SendsNothing.Refusal("Reading a task without changing it");

    public Task<SagaConsumeContext<TaskSaga, T>> CreateSagaConsumeContext<T>(ConsumeContext<T> consumeContext, TaskSaga instance, SagaConsumeContextMode mode)
        where T : class => throw SendsNothing.Refusal("Another task");
}
