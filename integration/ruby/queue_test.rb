# The first AWS SDK for Ruby, of 2012: SQS in the query protocol, with its checks of
# MD5 sums, its poller and its batches.
require 'minitest/autorun'
require 'aws-sdk-v1'
require 'securerandom'
require 'uri'

class QueueTest < Minitest::Test
  ENDPOINT = URI(ENV.fetch('AWS_ENDPOINT_URL'))
  SQS = AWS::SQS.new(
    access_key_id: format('%012d', SecureRandom.random_number(10**12)), secret_access_key: 'any',
    sqs_endpoint: ENDPOINT.host, sqs_port: ENDPOINT.port, use_ssl: false, region: 'us-east-1'
  )

  def setup
    @queue = SQS.queues.create("ruby-#{SecureRandom.hex(4)}", visibility_timeout: 60)
  end

  def teardown
    @queue.delete if @queue.exists?
  end

  def test_queues_are_found
    assert_equal @queue.url, SQS.queues.url_for(@queue.url[%r{[^/]+\z}])
    assert_includes SQS.queues.map(&:url), @queue.url
    assert_equal 60, @queue.visibility_timeout
    assert_match(/\Aarn:aws:sqs:us-east-1:\d{12}:ruby-/, @queue.arn)
    @queue.maximum_message_size = 2048
    assert_equal 2048, @queue.maximum_message_size
  end

  def test_a_message_comes_and_is_deleted
    sent = @queue.send_message('<häß & "ß">')
    message = @queue.receive_message(attributes: [:all])
    assert_equal [sent.message_id, '<häß & "ß">', 1], [message.id, message.body, message.receive_count]
    assert_equal 1, @queue.invisible_messages
    message.delete
    assert_nil @queue.receive_message
    assert_equal 0, @queue.invisible_messages
  end

  def test_batches
    sent = @queue.batch_send((1..10).map { |i| "m#{i}" })
    assert_equal 10, sent.size
    got = @queue.receive_message(limit: 10)
    assert_equal (1..10).map { |i| "m#{i}" }.sort, got.map(&:body).sort
    @queue.batch_change_visibility(0, got)
    again = @queue.receive_message(limit: 10)
    assert_equal 10, again.size
    @queue.batch_delete(again)
    assert_equal 0, @queue.visible_messages + @queue.invisible_messages
  end

  def test_the_poller_takes_all
    3.times { |i| @queue.send_message("m#{i}") }
    seen = []
    @queue.poll(idle_timeout: 1, wait_time_seconds: 1) { |m| seen << m.body }
    assert_equal %w[m0 m1 m2], seen.sort
    assert_equal 0, @queue.approximate_number_of_messages
  end

  def test_errors
    assert_raises(AWS::SQS::Errors::NonExistentQueue) { SQS.queues.named('nothing-here') }
    assert_raises(AWS::SQS::Errors::InvalidAttributeValue) { @queue.visibility_timeout = 43_201 }
    assert_raises(AWS::SQS::Errors::InvalidParameterValue) { @queue.send_message('x', delay_seconds: 901) }
    refute SQS.queues["#{@queue.url}-x"].exists?
  end
end
