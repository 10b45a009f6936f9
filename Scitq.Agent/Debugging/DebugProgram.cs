using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;
using Scitq.Agent.Disk;
using Scitq.Agent.Runtimes;
using Scitq.Agent.Staging;
using Scitq.Fetch;
using Scitq.Hosting;
using Scitq.Hosting.Configuration;

namespace Scitq.Agent.Debugging;

/// <summary>The agent as a program that runs one task at a terminal, and speaks to nobody.</summary>
internal static class DebugProgram
{
    /// <summary>The first word of its command line.</summary>
    public const string Word = "debug";

    // As docker run: the task's own codes are below.
    private const int Failed = 125;

    private const string Purpose = """
        Runs one task at this terminal as an agent of this machine would: fetches its inputs and resources into --work-dir, and runs its command
        there, or in its container. Nothing is reported or delivered. scitq-manage debug run starts it.
        """;

    private static ServiceProgram Service { get; } = new(
        "scitq-agent", Purpose, [.. ServiceOption.Of<DebugOptions>(), .. ServiceOption.Of<AgentOptions>()])
    {
        Defaults = [new("Logging:LogLevel:Default", "Error")],
    };

    public static Task<int> RunAsync(string[] args) => Service.RunAsync(args, async configuration =>
    {
        OwnProcess.ForgetSecrets();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { Configuration = configuration });
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging")).AddConsole();
        builder.Services.Configure<ConsoleLoggerOptions>(console => console.LogToStandardErrorThreshold = LogLevel.Trace);
        builder.Services.AddServiceOptions<AgentOptions>();
        builder.Services.AddServiceOptions<DebugOptions>();
        builder.Services.AddSingleton<TimeProvider>(BootTime.Instance).AddRuntimes().AddDisk().AddStaging();
        builder.Services.AddSingleton<IResourceUsers, OneUser>().AddSingleton<TerminalRun>();
        using var host = builder.Build();
        host.Services.GetRequiredService<IStartupValidator>().Validate();
        try
        {
            return await host.Services.GetRequiredService<TerminalRun>().RunAsync();
        }
        catch (ArgumentException e)
        {
            throw new ServiceRefusedException(e.Message, ServiceProgram.WrongUsage, e);
        }
        catch (Exception e) when (e is StartException or FetchException or IOException or UnauthorizedAccessException)
        {
            throw new ServiceRefusedException(e.Message, Failed, e);
        }
    });

    /// <summary>Nothing else runs here.</summary>
    private sealed class OneUser : IResourceUsers
    {
        public int Count(string resource) => 1;
    }
}
