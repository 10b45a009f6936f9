using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Scitq.Agent;
using Scitq.Messaging.Hosting;

var arguments = AgentArguments.Read(args, Environment.GetEnvironmentVariable);
if (arguments.Answer is { } answer)
{
    await (answer.ExitCode == 0 ? Console.Out : Console.Error).WriteLineAsync(answer.Text);
    return answer.ExitCode;
}

try
{
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
    builder.Logging.AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat) = (true, "yyyy-MM-dd HH:mm:ss "));
    builder.Logging.AddFilter("MassTransit", LogLevel.Error);
    builder.Services.AddSingleton<IHostLifetime, DrainLifetime>();
    builder.AddAgent(arguments.Options!);
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
