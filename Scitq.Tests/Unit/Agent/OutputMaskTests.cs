using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Scitq.Agent.Logs;
using Scitq.Contracts.Messages;

namespace Scitq.Tests.Unit.Agent;

/// <summary>What is sent of a stream with secrets in it is the same however it is cut, and whenever it is looked at.</summary>
[Trait("Level", "Unit")]
public sealed class OutputMaskTests : IDisposable
{
    private const int Cap = 64 * 1024;
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact(Timeout = 120_000)]
    public async Task However_a_stream_grows_and_is_cut_the_same_bytes_are_stored_and_none_of_a_secret() =>
        await Task.Run(() => Check.One(
            Properties.Of(3_000), Prop.ForAll(Arb.From(Streams()), stream =>
        {
            var written = Encoding.ASCII.GetBytes(string.Concat(stream.Parts));
            return Stored(stream, written).SequenceEqual(Masked(written, stream.Secrets))
                .Label($"{string.Concat(stream.Parts)} of {string.Join(", ", stream.Secrets)}");
        })), TestContext.Current.CancellationToken);

    [Fact]
    public void The_beginning_of_a_secret_waits_for_the_next_byte_and_nothing_before_it_does()
    {
        File.WriteAllText(_path, "key: hunt");
        var tail = new StreamTail(_path, OutputStream.Stdout, Cap, OutputMask.Of(["hunter2", "unt"]));
        Assert.Equal("key: ", Text(tail.Next(Cap)));
        tail.Stored = 5;
        Assert.Empty(tail.Next(Cap));
        File.AppendAllText(_path, "ing");
        Assert.Equal("hunting", Text(tail.Next(Cap)));
        tail.Stored = 12;
        File.AppendAllText(_path, " hunter2 hunter");
        Assert.Equal(" ******* ", Text(tail.Next(Cap)));
        tail.Stored += 9;
        Assert.Empty(tail.Next(Cap));
        tail.Complete();
        Assert.Equal("hunter", Text(tail.Next(Cap)));
        tail.Stored += 6;
        Assert.True(tail.Done);
    }

    [Fact]
    public void What_is_masked_already_waits_for_nothing()
    {
        var text = "abcab"u8.ToArray();
        Assert.Equal(5, OutputMask.Of(["abcab"])!.Apply(text));
        Assert.Equal("*****", Text(text));
    }

    [Fact]
    public void A_secret_across_the_cut_of_a_stream_beyond_its_cap_is_masked_on_both_sides_though_the_middle_is_given_back_to_the_disk()
    {
        var secret = new string('s', 9_000);
        var head = Cap / 2 - 4_000;
        var before = new string('a', head) + secret;
        var after = secret + new string('z', head);
        var tail = new StreamTail(_path, OutputStream.Stdout, Cap, OutputMask.Of([secret]));
        File.WriteAllText(_path, before + new string('.', 4 * 1024 * 1024));
        tail.Punch();
        File.AppendAllText(_path, new string('.', 4 * 1024 * 1024) + after);
        tail.Punch();
        tail.Complete();
        var stored = Text([.. Rest(tail)]);
        Assert.Equal(before[..head] + new string('*', 4_000), stored[..(Cap / 2)]);
        Assert.Equal(new string('*', 4_000) + new string('z', head), stored[^(Cap / 2)..]);
        Assert.Equal(stored.Length, tail.Length);
    }

    [Fact]
    public void Values_of_fewer_than_four_bytes_are_not_hidden_and_those_that_cant_be_told_hide_all()
    {
        Assert.Null(OutputMask.Of(["abc", ""]));
        Assert.True(OutputMask.IsTooShort("abc"));
        Assert.False(OutputMask.IsTooShort("äö"));
        var text = "one\ntwo"u8.ToArray();
        Assert.Equal(7, OutputMask.Everything.Apply(text));
        Assert.Equal("***\n***", Text(text));
    }

    /// <summary>Few letters, so that secrets overlap with each other, with themselves, and with what is no secret.</summary>
    private static Gen<Grown> Streams()
    {
        var letters = Gen.Elements('a', 'b');
        Gen<string> Text(int least, int most) => Gen.Choose(least, most).SelectMany(n => letters.ArrayOf(n)).Select(l => new string(l));
        var secrets = Text(4, 9).ListOf(2).Select(s => s.ToArray());
        return secrets.SelectMany(s => Gen.OneOf(Text(0, 6), Gen.Elements(s)).ListOf(12).SelectMany(parts =>
            Gen.Choose(1, 9).ListOf(40).Select(cuts => new Grown(s, [.. parts], [.. cuts]))));
    }

    /// <summary>As the coordinator stores it, with the agent started again on the way.</summary>
    private List<byte> Stored(Grown stream, byte[] written)
    {
        File.WriteAllBytes(_path, []);
        var stored = new List<byte>();
        StreamTail Tail() => new(_path, OutputStream.Stdout, Cap, OutputMask.Of(stream.Secrets)) { Stored = stored.Count };
        var tail = Tail();
        var cut = 0;
        using (var file = new FileStream(_path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite))
        {
            foreach (var part in stream.Parts)
            {
                file.Write(Encoding.ASCII.GetBytes(part));
                file.Flush();
                var chunk = tail.Next(stream.Cuts[cut++]);
                stored.AddRange(chunk);
                if (stream.Cuts[cut++] % 3 == 0) tail = Tail();
                tail.Stored = stored.Count;
                Assert.Equal(Masked(written, stream.Secrets)[..stored.Count], stored);
            }
        }

        tail.Complete();
        stored.AddRange(Rest(tail, stream.Cuts[cut]));
        Assert.Equal((true, (long)written.Length), (tail.Done, tail.Length));
        return stored;
    }

    private static List<byte> Rest(StreamTail tail, int most = 10_007)
    {
        var rest = new List<byte>();
        while (tail.Next(most) is { Length: > 0 } chunk)
        {
            rest.AddRange(chunk);
            tail.Stored += chunk.Length;
        }

        return rest;
    }

    private static byte[] Masked(byte[] written, string[] secrets)
    {
        var masked = written.ToArray();
        foreach (var secret in secrets.Select(Encoding.ASCII.GetBytes))
            for (var i = 0; i + secret.Length <= written.Length; i++)
                if (written.AsSpan(i, secret.Length).SequenceEqual(secret)) masked.AsSpan(i, secret.Length).Fill((byte)'*');
        return masked;
    }

    private static string Text(byte[] bytes) => Encoding.ASCII.GetString(bytes);

    private sealed record Grown(string[] Secrets, string[] Parts, int[] Cuts);
}
