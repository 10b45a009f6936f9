using MassTransit;
using MassTransit.Saga;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Tasks.Saga;

namespace Scitq.Coordinator.Bus;

/// <summary>The saga of tasks, as MassTransit runs it, over our repository.</summary>
internal static class SagaRegistration
{
    public static void AddTaskSaga(this IBusRegistrationConfigurator bus)
    {
        bus.AddSingleton<Submissions>();
        bus.AddSagaStateMachine<TaskStateMachine, TaskSaga>((context, saga) =>
            {
                saga.Message<SubmitTask>(m => m.UseFilter(
                    new LateFilter<ConsumeContext<SubmitTask>>(() => ActivatorUtilities.CreateInstance<SubmissionFilter>(context))));
                saga.NoteRequests<CancelTask>(context, "cancel", m => m.TaskId);
                saga.NoteRequests<StopTask>(context, "stop", m => m.TaskId);
                saga.NoteRequests<RelaunchTask>(context, "relaunch", m => m.TaskId);
                saga.NoteRequests<PauseTask>(context, "pause", m => m.TaskId);
                saga.NoteRequests<ResumeTask>(context, "resume", m => m.TaskId);
                saga.NoteRequests<RetryUpload>(context, "retry the upload of", m => m.TaskId);
            })
            .Repository(repository =>
            {
                repository.AddSingleton<TaskSagaRepository>();
                repository.AddSingleton<ISagaRepository<TaskSaga>>(provider => provider.GetRequiredService<TaskSagaRepository>());
                repository.AddSingleton<ISagaRepositoryContextFactory<TaskSaga>>(provider => provider.GetRequiredService<TaskSagaRepository>());
            });
    }

    private static void NoteRequests<T>(this ISagaConfigurator<TaskSaga> saga, IServiceProvider services, string verb, Func<T, Guid> task)
        where T : class => saga.Message<T>(m => m.UseFilter(ActivatorUtilities.CreateInstance<RequestFilter<T>>(services, verb, task)));
}
