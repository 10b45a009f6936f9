using MassTransit;
using Scitq.Access.Broker;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Coordinator.Leases;
using Scitq.Coordinator.Logs;
using Scitq.Coordinator.Reuse;
using Scitq.Coordinator.Tasks;
using Scitq.Coordinator.Workers;

namespace Scitq.Coordinator.Bus;

internal static class BusRegistration
{
    private const string Program = "scitq-coordinator";

    /// <summary>RabbitMQ when an address is given, else the bus in memory.</summary>
    public static IServiceCollection AddBus(this IServiceCollection services, CoordinatorOptions options)
    {
        services.AddSingleton<ReconcileRequests>().AddObserver<Dispatcher>();
        services.AddSingleton<IWorkerLine, WorkerLine>().AddSingleton<ILink>(provider => provider.GetRequiredService<ITopology>());
        services.AddService<Reconciler>();
        services.AddSingleton<MessageHistory>().AddService<Mishaps>();
        services.AddHostedService<Pulses>();
        services.AddSingleton<ReuseFinder>();
        // Last, and so the first to stop: messages that are handled until then change tasks, and the parts above send what follows from that.
        if (options.Broker is { } broker) services.AddRabbitMq(broker);
        else services.AddMemoryBus();
        services.Configure<MassTransitHostOptions>(host => host.StopTimeout = TimeSpan.FromSeconds(10));
        return services;
    }

    private static void AddRabbitMq(this IServiceCollection services, BrokerSettings broker)
    {
        services.AddSingleton(provider => new BrokerConnections(broker, Program, provider.GetRequiredService<TimeProvider>()));
        services.AddService<RabbitTopology>().AddSingleton<ITopology>(provider => provider.GetRequiredService<RabbitTopology>());
        services.AddSingleton<TaskPublisher>().AddSingleton<ITaskQueues, RabbitTaskQueues>();
        services.AddMassTransit(bus =>
        {
            bus.AddConsumers();
            bus.UsingRabbitMq((context, configurator) =>
            {
                configurator.Host(broker, Program);
                configurator.Endpoints(context);
            });
        });
    }

    private static void AddMemoryBus(this IServiceCollection services)
    {
        services.AddSingleton<ITopology, MemoryTopology>().AddSingleton<ITaskQueues, MemoryTaskQueues>();
        services.AddMassTransit(bus =>
        {
            bus.AddConsumers();
            bus.UsingInMemory((context, configurator) => configurator.Endpoints(context));
        });
    }

    private static void AddConsumers(this IBusRegistrationConfigurator bus)
    {
        bus.DisableUsageTelemetry();
        bus.AddTaskSaga();
        bus.AddConsumer<TasksConsumer>();
        bus.AddConsumer<ClaimsConsumer>();
        bus.AddConsumer<ReuseConsumer>();
        bus.AddConsumer<ReportsConsumer>();
        bus.AddConsumer<LogsConsumer>();
        bus.AddConsumer<WorkersConsumer>();
    }

    private static void Endpoints(this IBusFactoryConfigurator bus, IBusRegistrationContext context)
    {
        bus.UsePlainJson();
        bus.TasksEndpoint(context);
        bus.Endpoint<ClaimsConsumer>(context, Queues.Claims, 64, endpoint =>
        {
            endpoint.TakeUntypedAs<ClaimTasks>();
            endpoint.ConfigureConsumer<ReuseConsumer>(context);
        });
        bus.Endpoint<ReportsConsumer>(context, Queues.Reports, 64, endpoint => endpoint.TakeUntypedAs<AttemptReports>());
        bus.Endpoint<LogsConsumer>(context, Queues.Logs, 16, endpoint => endpoint.TakeUntypedAs<OutputAppended>());
        bus.Endpoint<WorkersConsumer>(context, Queues.Workers, 64, endpoint => endpoint.TakeUntypedAs<WorkerHeartbeat>());
    }

    /// <summary>Messages about one task go to the saga, those about many to their consumer.</summary>
    internal static void TasksEndpoint(this IBusFactoryConfigurator bus, IBusRegistrationContext context) =>
        bus.Endpoint<TasksConsumer>(context, Queues.Tasks, 64, endpoint =>
        {
            endpoint.TakeUntypedAs<SubmitTask, SubmitTasks>("tasks");
            endpoint.ConfigureSaga<TaskSaga>(context);
        });

    private static void Endpoint<TConsumer>(
        this IBusFactoryConfigurator bus, IBusRegistrationContext context, string queue, ushort prefetch, Action<IReceiveEndpointConfigurator> untyped)
        where TConsumer : class, IConsumer =>
        bus.ReceiveEndpoint(queue, endpoint =>
        {
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PublishFaults = false;                 // a fault address in a message from outside could name any queue
            endpoint.PrefetchCount = prefetch;
            untyped(endpoint);
            endpoint.UseFilter(ActivatorUtilities.CreateInstance<DatabasePatience>(context));
            endpoint.ConfigureConsumer<TConsumer>(context);
        });
}
