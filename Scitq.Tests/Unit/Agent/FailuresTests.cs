using Scitq.Agent.Attempts;
using Scitq.Agent.Runtimes;
using Scitq.Contracts;
using Scitq.Contracts.Messages;
using Scitq.Fetch;

namespace Scitq.Tests.Unit.Agent;

[Trait("Level", "Unit")]
public sealed class FailuresTests
{
    private static readonly IOException NoSpace = new("No space left on device", 28);
    private static readonly IOException Quota = new("Disk quota exceeded", 122);

    public static TheoryData<Exception, AttemptStage> Full => new()
    {
        { NoSpace, AttemptStage.Accepted },
        { Quota, AttemptStage.Uploading },
        { new IOException("wrapped", NoSpace), AttemptStage.Accepted },
        { new DiskFullException("file:///x: no room"), AttemptStage.Uploading },
        { new TransferExhaustedException("file:///x", Quota), AttemptStage.Uploading },
        { new UnsupportedTransferException("prefetch: No space left on device"), AttemptStage.Accepted },
        { new StartException(FailureClass.Start, "docker could not start it: mkdir /var/lib/docker/x: no space left on device"), AttemptStage.Accepted },
        { new StartException(FailureClass.Image, "image big can't be pulled: write /x: no space left on device"), AttemptStage.Accepted },
    };

    [Theory]
    [MemberData(nameof(Full))]
    public void Want_of_room_is_of_the_class_disk_wherever_it_is_met(Exception fault, AttemptStage stage) =>
        Assert.Equal(FailureClass.Disk, Failures.Classify(fault, stage).Failure);

    [Fact]
    public void A_store_that_is_full_is_not_the_workers_disk() =>
        Assert.Equal(FailureClass.Upload,
            Failures.Classify(new AccessDeniedException("ftp://x/y: 552 No space left on device"), AttemptStage.Uploading).Failure);
}
