using MassTransit;
using MassTransit.Testing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Scitq.Contracts;
using Scitq.Coordinator;
using Scitq.Coordinator.Bus;
using Scitq.Coordinator.Persistence;
using Scitq.Coordinator.Tasks;
using Scitq.Tests.Integration.Persistence;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Integration.Tasks;

/// <summary>The coordinator's queue of tasks, its saga and its commit loop, in MassTransit's test harness and over a real database.</summary>
internal sealed class SagaHarness : IAsyncDisposable
{
    private readonly TestFolder _folder = new();
    private readonly ServiceProvider _services;

    private SagaHarness(string? postgres)
    {
        var services = Database.AddCore(new ServiceCollection().AddLogging(), new CoordinatorOptions { Data = _folder.Path, Database = postgres });
        services.AddSingleton<ITopology, MemoryTopology>().AddSingleton<MessageHistory>();
        services.AddSingleton<Coordinator.Logs.LogStore>().AddSingleton<TaskWatch>();
        services.AddSingleton<ILoadSagaRepository<TaskSaga>, Loading>().AddSingleton<IQuerySagaRepository<TaskSaga>, Loading>();
        services.AddMassTransitTestHarness(TextWriter.Null, bus =>
        {
            bus.AddTaskSaga();
            bus.AddConsumer<TasksConsumer>();
            bus.UsingInMemory((context, configurator) =>
            {
                configurator.UsePlainJson();
                configurator.TasksEndpoint(context);
            });
        });
        _services = services.BuildServiceProvider();
        Harness = _services.GetRequiredService<ITestHarness>();
        Saga = Harness.GetSagaStateMachineHarness<TaskStateMachine, TaskSaga>();
    }

    public ITestHarness Harness { get; }

    public ISagaStateMachineTestHarness<TaskStateMachine, TaskSaga> Saga { get; }

    public TaskService Tasks => _services.GetRequiredService<TaskService>();

    public TaskInbox Inbox => _services.GetRequiredService<TaskInbox>();

    public static async Task<SagaHarness> StartAsync(bool postgres)
    {
        var harness = new SagaHarness(postgres ? await PostgresServer.CreateDatabaseAsync() : null);
        await using (var db = harness.Context()) await Migrator.MigrateAsync(db, TimeProvider.System, CancellationToken.None);
        await harness._services.GetRequiredService<GroupCommit>().StartAsync(CancellationToken.None);
        await harness.Harness.Start();
        return harness;
    }

    public ScitqDb Context() => _services.GetRequiredService<IDbContextFactory<ScitqDb>>().CreateDbContext();

    /// <summary>Sends as any service does: to the queue, without saying who handles it.</summary>
    public async Task SendAsync<T>(T message)
        where T : class => await (await Harness.Bus.GetSendEndpoint(new Uri("queue:" + Queues.Tasks))).Send(message, TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await Harness.Stop();
        await _services.GetRequiredService<GroupCommit>().StopAsync(CancellationToken.None);
        await _services.DisposeAsync();
        _folder.Dispose();
    }

    /// <summary>How MassTransit's harness looks at what is stored.</summary>
    private sealed class Loading(IDbContextFactory<ScitqDb> contexts) : ILoadSagaRepository<TaskSaga>, IQuerySagaRepository<TaskSaga>
    {
        public async Task<TaskSaga> Load(Guid correlationId)
        {
            await using var db = await contexts.CreateDbContextAsync();
            return (await db.Tasks.AsNoTracking().SingleOrDefaultAsync(t => t.CorrelationId == correlationId))!;
        }

        public async Task<IEnumerable<Guid>> Find(ISagaQuery<TaskSaga> query)
        {
            // By the machine's own name of the state, which is not a column.
            await using var db = await contexts.CreateDbContextAsync();
            return (await db.Tasks.AsNoTracking().ToListAsync()).Where(query.GetFilter()).Select(t => t.CorrelationId);
        }

        public void Probe(ProbeContext context) => context.CreateScope("test");
    }
}
