using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Scitq.Agent.Runtimes.Docker;
using Scitq.Agent.Runtimes.Native;

namespace Scitq.Agent.Runtimes;

/// <summary>Runtimes: what starts commands.</summary>
internal static partial class RuntimeRegistration
{
    public static IServiceCollection AddRuntimes(this IServiceCollection services) => services.AddSingleton(Runtimes);

    private static RuntimeSet Runtimes(IServiceProvider services)
    {
        var options = services.GetRequiredService<AgentOptions>();
        var time = services.GetRequiredService<TimeProvider>();
        if (options.Runtime == "noop") return new RuntimeSet(new NoopRuntime(time), docker: null, commandsRun: false);
        var engine = new DockerEngine(EngineAddress.FromEnvironment(), time);
        var place = Path.TrimEndingDirectorySeparator(Path.GetFullPath(options.WorkDir));
        var docker = new DockerRuntime(
            engine, options.DockerOptions == "restricted", place, time, services.GetRequiredService<ILogger<DockerRuntime>>());
        var logger = services.GetRequiredService<ILogger<NativeRuntime>>();
        if (options.NativeTasks && options.NativeUser is null && Environment.IsPrivilegedProcess) Log.TasksAreRoot(logger);
        var accounts = options.Accounts;
        var native = new NativeOptions
        {
            Accounts = accounts,
            Umask = options.TaskUmask,
            ProcessLimit = options.TaskPids == 0 ? null : options.TaskPids,
            MemoryLimit = options.TaskMemory == 0 ? null : options.TaskMemory,
            CpuLimit = options.TaskCpus == 0 ? null : options.TaskCpus,
        };
        return new RuntimeSet(new NativeRuntime(native, time, logger), docker, accounts: accounts, nativeTasks: options.NativeTasks);
    }

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Warning, Message =
            "Native tasks run as root: whoever may submit has all of this machine. --native-user ACCOUNT runs them with fewer rights; "
            + "--native-user root says that it is meant so")]
        public static partial void TasksAreRoot(ILogger logger);
    }
}
