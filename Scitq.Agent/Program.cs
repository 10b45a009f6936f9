using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Scitq.Agent;
using Scitq.Agent.Debugging;
using Scitq.Agent.Parts;
using Scitq.Hosting;

OwnProcess.Close();
var program = OwnProgram.Enter(args);
args = program.Arguments;
if (args is [DebugProgram.Word, .. var rest]) return await DebugProgram.RunAsync(rest);
return await AgentProgram.Service.RunAsync(args, async configuration =>
{
    OwnProcess.ForgetSecrets();
    var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { Configuration = configuration });
    builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"))
        .AddSimpleConsole(console => (console.SingleLine, console.TimestampFormat, console.UseUtcTimestamp) = (true, "yyyy-MM-ddTHH:mm:ssZ ", true));
    builder.Services.AddSingleton<IHostLifetime, DrainLifetime>();
    builder.AddAgent(program);
    var host = builder.Build();
    host.Services.GetRequiredService<IStartupValidator>().Validate();
    // Made here, because the host would log a refusal with its stack trace.
    _ = host.Services.GetRequiredService<IEnumerable<IHostedService>>();
    if (await host.HasStartedAsync()) await host.WaitForShutdownAsync();
    if (host.Services.GetRequiredService<AgentProcess>().Restarts) program.Execute();
    return Environment.ExitCode;
});
