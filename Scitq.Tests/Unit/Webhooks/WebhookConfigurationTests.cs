using System.Text;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using Scitq.Coordinator.Webhooks;
using Scitq.Tests.Servers;

namespace Scitq.Tests.Unit.Webhooks;

/// <summary>The list of receivers in the coordinator's file, and the signature they check.</summary>
[Trait("Level", "Unit")]
public sealed class WebhookConfigurationTests
{
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    [Fact]
    public void The_signature_is_that_of_the_standard()
    {
        // The example of standardwebhooks.com.
        var hook = new Webhook("h", new Uri("http://h"), Convert.FromBase64String("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), []);
        Assert.Equal("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=", hook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, """{"test": 2432232314}"""));
    }

    [Fact]
    public void A_receiver_is_read_with_its_address_and_secret_from_files()
    {
        using var folder = new TestFolder();
        var hook = Assert.Single(Read(folder, """{"name":"chat","url-file":"URL","secret-file":"SECRET","events":["task.failed","batch.ended"]}"""));
        Assert.Equal(("chat", new Uri("https://chat.example.org/hook/hunter2")), (hook.Name, hook.Url));
        Assert.Equal("0123456789abcdef", Encoding.UTF8.GetString(hook.Secret));
        Assert.Equal("chat", $"{hook}");
        Assert.Equal("h", Assert.Single(Read(folder, """{"url":"http://h/x","secret-file":"SECRET","events":["disk.low"]}""")).Name);
    }

    [Theory]
    [InlineData("""{"url":"http://h","secret-file":"SECRET","events":["task.faild"]}""", "did you mean 'task.failed'?")]
    [InlineData("""{"url":"http://h","secret-file":"SECRET"}""", "names no events")]
    [InlineData("""{"url":"ftp://h","secret-file":"SECRET","events":["disk.low"]}""", "no http:// or https://")]
    [InlineData("""{"url":"http://me:hunter2@h","secret-file":"SECRET","events":["disk.low"]}""", "without a user")]
    [InlineData("""{"url":"http://h","events":["disk.low"]}""", "no secret-file")]
    [InlineData("""{"url":"http://h","secret-file":"SHORT","events":["disk.low"]}""", "shorter than 16 bytes")]
    [InlineData("""{"url":"http://h","secret":"x","events":["disk.low"]}""", "did you mean 'secret-file'?")]
    [InlineData("""{"url":"http://h","secret-file":"SECRET","events":["disk.low"]},{"url":"http://h/2","secret-file":"SECRET","events":["disk.low"]}""",
        "two of the name 'h'")]
    public void What_makes_no_sense_stops_the_start_and_no_address_is_repeated(string item, string expected)
    {
        using var folder = new TestFolder();
        var problem = Assert.Throws<OptionsValidationException>(() => Read(folder, item)).Message;
        Assert.Contains(expected, problem, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", problem, StringComparison.Ordinal);
    }

    private static IReadOnlyList<Webhook> Read(TestFolder folder, string items)
    {
        foreach (var (name, text) in (ReadOnlySpan<(string, string)>)
            [("URL", "https://chat.example.org/hook/hunter2\n"), ("SECRET", "0123456789abcdef\n"), ("SHORT", "secret")])
        {
            File.WriteAllText(folder[name], text);
            File.SetUnixFileMode(folder[name], Own);
            items = items.Replace($"\"{name}\"", $"\"{folder[name]}\"", StringComparison.Ordinal);
        }

        var json = new MemoryStream(Encoding.UTF8.GetBytes($$"""{"webhooks":[{{items}}]}"""));
        return WebhookConfiguration.Read(new ConfigurationBuilder().AddJsonStream(json).Build());
    }
}
