using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent;
using Scitq.Messaging.Hosting;

OwnProcess.Close();
if (AgentArguments.Read(args, out var exitCode) is not { } started) return exitCode;
OwnProcess.ForgetSecrets();

try
{
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
    builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
    builder.Configuration
        .AddInMemoryCollection([new("Logging:LogLevel:Default", "Information"), new("Logging:LogLevel:Microsoft", "Warning"), new("Logging:LogLevel:MassTransit", "Error")])
        .AddInMemoryCollection(started.Settings.Settings);
    builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
    builder.Services.AddSingleton<IHostLifetime, DrainLifetime>();
    builder.AddAgent(started.Options);
    await builder.Build().RunAsync();
    return Environment.ExitCode;
}
catch (AgentRefusedException e)
{
    await Console.Error.WriteLineAsync($"scitq-agent: {e.Message}");
    return AgentRefusedException.ExitCode;
}
catch (ArgumentException e)
{
    // From a part that reads the environment itself: DOCKER_HOST.
    await Console.Error.WriteLineAsync($"scitq-agent: {e.Message}");
    return 2;
}
