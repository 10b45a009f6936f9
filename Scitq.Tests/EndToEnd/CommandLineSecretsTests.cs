using System.Text;
using Scitq.Access.CommandLine;
using Scitq.Tests.Servers;

namespace Scitq.Tests.EndToEnd;

/// <summary>What others see of a command line.</summary>
[Trait("Level", "EndToEnd")]
public sealed class CommandLineSecretsTests
{
    private const string Secret = "hunter2";

    [Theory]
    [InlineData("p|-s|amqp://u:hunter2@h/v|x", "p|-s|amqp://u:*******@h/v|x")]
    [InlineData("p|--bus=amqps://u:a:b@c@h:1", "p|--bus=amqps://u:*****@h:1")]
    [InlineData("p|-i|ftp://u:hunter2@h/a@b|https://h/x@y:z", "p|-i|ftp://u:*******@h/a@b|https://h/x@y:z")]
    [InlineData("p|--token|hunter2|--port|1", "p|--token|*******|--port|1")]
    [InlineData("p|--token=hunter2|--token-file|f", "p|--token=*******|--token-file|f")]
    [InlineData("p|--token", "p|--token")]
    [InlineData("p|://:@|://|:", "p|://:@|://|:")]
    public void Passwords_of_addresses_and_values_of_secret_options_are_overwritten_and_nothing_else(string before, string after)
    {
        var bytes = Encoding.UTF8.GetBytes(before.Replace('|', '\0') + "\0");
        Argv.Overwrite(bytes, ["--token"]);
        Assert.Equal(after, Encoding.UTF8.GetString(bytes)[..^1].Replace('\0', '|'));
    }

    [Theory(Timeout = 60_000)]
    [InlineData("scitq-agent", "Not connected to the broker", "--name", "argv", "--work-dir", "DIR", "--bus", "amqp://u:hunter2@127.0.0.1:1")]
    [InlineData("scitq-coordinator", "is away", "--port", "0", "--data", "DIR", "--token", "hunter2", "--bus", "amqp://u:hunter2@127.0.0.1:1")]
    [InlineData("scitq-standalone", "Listening", "--port", "0", "--data", "DIR", "--token=hunter2")]
    [InlineData("scitq-launch", "trying again", "-s", "amqp://u:hunter2@127.0.0.1:1", "true")]
    [InlineData("scitq-manage", "trying again", "-s", "http://u:hunter2@127.0.0.1:1", "task", "list")]
    public async Task No_program_leaves_a_password_on_its_command_line_or_repeats_it(string program, string line, params string[] arguments)
    {
        using var folder = new TestFolder();
        await using var process = ProcessUnderTest.Start(program, [.. arguments.Select(a => a == "DIR" ? folder["data"] : a)]);
        await process.WaitForLineAsync(line);

        var seen = (await File.ReadAllTextAsync($"/proc/{process.Id}/cmdline", TestContext.Current.CancellationToken)).Replace('\0', ' ');
        Assert.Contains(program, seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, seen, StringComparison.Ordinal);
        Assert.Contains("*******", seen, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, process.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task The_status_of_a_server_shows_no_password_of_its_address()
    {
        await using var process = ProcessUnderTest.Start("scitq-manage", "-s", "http://u:hunter2@127.0.0.1:1", "-v", "--timeout", "1", "server", "status");
        await process.WaitForExitAsync();
        Assert.Contains("http://127.0.0.1:1", process.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, process.Text, StringComparison.Ordinal);
    }

    [Fact(Timeout = 30_000)]
    public async Task An_address_may_come_from_a_file()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["bus"], "amqp://u:hunter2@127.0.0.1:1\n", TestContext.Current.CancellationToken);
        File.SetUnixFileMode(folder["bus"], UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await using var process = ProcessUnderTest.Start("scitq-launch", "--server-file", folder["bus"], "--timeout", "1", "true");
        await process.WaitForExitAsync();
        Assert.Contains("broker amqp://127.0.0.1:1 cannot be reached", process.Text, StringComparison.Ordinal);
    }
}
